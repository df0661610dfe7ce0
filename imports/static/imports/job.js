// One import, live: its numbers from the API every second, the rest of the page now and then, until it is over.

import { drawReceipt, duration, number } from "../acme_importer/formats.js";

const POLL_MS = 1000;
// After this many polls, the parts of the page that the API does not have are fetched again.
const POLLS_PER_REFRESH = 2;
// Nothing more happens by itself to what is over, or held until somebody approves it.
const OVER = ["completed", "failed", "cancelled", "held"];

const page = document.querySelector("[data-job]");
let status = page.dataset.status;
let polls = 0;
let announcedQuarter = 0;

function show(name, text) {
    const place = page.querySelector(`[data-value=${name}]`);
    if (place.textContent !== text) {
        place.textContent = text;
    }
}

function announce(text) {
    page.querySelector("[data-announce]").textContent = text;
}

function trouble(text, link) {
    const notice = page.querySelector("[data-trouble]");
    notice.hidden = !text;
    notice.textContent = text;
    if (link) {
        const anchor = document.createElement("a");
        anchor.textContent = link.text;
        anchor.href = link.href;
        notice.append(" ", anchor);
    }
}

function showNumbers(job) {
    const percent = Math.floor(job.progress * 1000) / 10;
    page.querySelector("[data-progress]").value = percent;
    show("percent", String(percent));
    const hasFile = ["import", "check"].includes(page.dataset.called);
    const one = hasFile ? "row" : "change";
    show("rows", `${number(job.processed_rows)} ${job.processed_rows === 1 ? one : `${one}s`}`);
    const isAll = job.total_rows === null || job.total_rows === job.processed_rows;
    show("total", isAll ? "" : ` of ${number(job.total_rows)}`);
    show("rate", job.rows_per_second ? ` · ${number(Math.round(job.rows_per_second))} ${one}s/s` : "");
    const isStalled = page.querySelector("[data-fresh=notices] [role=alert]");
    show("left", job.eta_seconds === null || isStalled ? "" : ` · ${duration(job.eta_seconds)} left`);
    drawReceipt(page.querySelector("[data-receipt-of-job]"), job);
    const quarter = Math.floor(job.progress * 4);
    if (quarter > announcedQuarter && !OVER.includes(job.status)) {
        announcedQuarter = quarter;
        announce(hasFile ? `${quarter * 25}% of the file has been read.` : `${quarter * 25}% of it is done.`);
    }
}

// Replace the parts of the page that have changed, but not one that somebody is using, unless the import is over.
async function refresh(isOver) {
    const response = await fetch(window.location.href, { cache: "no-store" });
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    document.title = fresh.title;
    for (const part of document.querySelectorAll("[data-fresh]")) {
        const other = fresh.querySelector(`[data-fresh=${part.dataset.fresh}]`);
        if (!other || other.innerHTML === part.innerHTML || (inUse(part) && !isOver)) {
            continue;
        }
        if (part.contains(document.activeElement)) {
            document.querySelector("h1").focus();
        }
        part.replaceChildren(...other.childNodes);
    }
}

function inUse(part) {
    return part.contains(document.activeElement) || part.querySelector("details[open]");
}

async function poll() {
    const response = await fetch(page.dataset.job, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (response.status === 401 || response.status === 403) {
        trouble("You have been logged out; the import continues.", { text: "Log in to keep watching", href: page.dataset.login });
        return false;
    }
    if (!response.ok) {
        throw new Error(`The server responded with ${response.status}.`);
    }
    const job = await response.json();
    const changed = job.status !== status;
    status = job.status;
    page.dataset.status = status;
    if (changed) {
        announce(`The ${page.dataset.called} is ${status === "held" ? "held for approval" : status}.`);
    }
    trouble("");
    showNumbers(job);
    polls += 1;
    if (changed || polls % POLLS_PER_REFRESH === 0) {
        await refresh(OVER.includes(status));
    }
    return !OVER.includes(status);
}

async function watch() {
    let more = true;
    try {
        more = await poll();
    } catch {
        trouble("The server cannot be reached; the import continues. Trying again …");
    }
    if (more) {
        setTimeout(watch, POLL_MS);
    }
}

if (!OVER.includes(status)) {
    watch();
}
