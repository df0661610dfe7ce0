/* Keeps the front page up to date: the bars of running imports by the API, the rest by reading the page again. */

import { duration, number } from "./formats.js";

const JOBS = "/api/jobs/?status=queued&status=running&page_size=20";
const BARS_EVERY = 1500;
const PAGE_EVERY = 30_000;

const overview = document.getElementById("overview");
const news = document.getElementById("news");
let pageRead = Date.now();

function detail(job) {
    if (job.awaits_check) return "waiting for its check";
    if (job.status === "queued") return "waiting for a worker";
    const units = job.undoes === null ? "rows" : "changes";
    const parts = [`${Math.floor(job.progress * 100)}%`, `${number(job.processed_rows)} ${units}`];
    if (job.rows_per_second) parts.push(`${number(Math.round(job.rows_per_second))} ${units}/s`);
    if (job.eta_seconds !== null) parts.push(`${duration(job.eta_seconds)} left`);
    return parts.join(" · ");
}

function shownIds() {
    return Array.from(overview.querySelectorAll("[data-job]"), (item) => item.dataset.job).join();
}

function showBars(jobs) {
    for (const job of jobs) {
        const item = overview.querySelector(`[data-job="${job.id}"]`);
        item.querySelector("progress").setAttribute("value", job.progress);
        item.querySelector(".job-detail").textContent = detail(job);
    }
}

/* What finds a link or a button again on the page as it is read next. */
function selector(element) {
    const name = element.hasAttribute("href") ? "href" : "aria-label";
    return `[${name}="${CSS.escape(element.getAttribute(name) ?? "")}"]`;
}

/* Put in the panels as they are now. What has the focus, and what is folded out, stays so. */
async function readPage() {
    const answer = await fetch(location.href);
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("overview");
    if (!fresh) return;
    const focus = overview.contains(document.activeElement) ? selector(document.activeElement) : null;
    const open = Array.from(overview.querySelectorAll("details"), (details) => details.open);
    overview.replaceChildren(...fresh.childNodes);
    overview.querySelectorAll("details").forEach((details, index) => { details.open = open[index] ?? false; });
    if (focus) overview.querySelector(focus)?.focus();
    pageRead = Date.now();
}

async function update() {
    if (document.hidden) return;
    const answer = await fetch(JOBS, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { results } = await answer.json();
    const before = shownIds();
    const changed = results.map((job) => String(job.id)).join() !== before;
    if (changed || Date.now() - pageRead > PAGE_EVERY) await readPage();
    if (changed) {
        news.textContent = results.length ? `${results.length} imports are running.` : "All imports have ended.";
    }
    if (shownIds() === results.map((job) => String(job.id)).join()) showBars(results);
}

/* One after the other, also when the server is slow or away for a while. */
async function keepUpdating() {
    try {
        await update();
    } catch (error) {
        if (!(error instanceof TypeError)) throw error; // TypeError: the network
    }
    setTimeout(keepUpdating, BARS_EVERY);
}

if (document.getElementById("running")) keepUpdating();
