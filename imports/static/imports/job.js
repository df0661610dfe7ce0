// One import, live: its numbers from the API every second, the rest of the page now and then, until it is over.

const POLL_MS = 1000;
// Of the polls, this many go by before the parts of the page that the API does not know are fetched.
const POLLS_PER_REFRESH = 2;
const OVER = ["completed", "failed", "cancelled"];
const PARTS = ["created", "updated", "unchanged", "duplicate", "rejected"];

const page = document.querySelector("[data-job]");
const number = new Intl.NumberFormat("en");
let status = page.dataset.status;
let polls = 0;
let announcedQuarter = 0;

function show(name, text) {
    page.querySelector(`[data-value=${name}]`).textContent = text;
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

function duration(seconds) {
    if (seconds < 60) {
        return `${seconds} s`;
    }
    return seconds < 3600
        ? `${Math.floor(seconds / 60)} min ${seconds % 60} s`
        : `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

function showReceipt(job) {
    const total = job.processed_rows || 1;
    let before = 0;
    for (const name of PARTS) {
        const count = job[`${name}_rows`];
        const rect = page.querySelector(`[data-part=${name}]`);
        rect.setAttribute("x", (before * 100) / total);
        rect.setAttribute("width", (count * 100) / total);
        page.querySelector(`[data-count=${name}]`).textContent = number.format(count);
        before += count;
    }
    const said = PARTS.filter((name) => job[`${name}_rows`]).map((name) => `${number.format(job[`${name}_rows`])} ${name}`);
    page.querySelector("[data-receipt]").setAttribute("aria-label", said.join(", ") || "no rows");
}

function showNumbers(job) {
    const percent = Math.floor(job.progress * 1000) / 10;
    page.querySelector("[data-progress]").value = percent;
    show("percent", percent);
    show("rows", `${number.format(job.processed_rows)} ${job.processed_rows === 1 ? "row" : "rows"}`);
    show("total", job.total_rows === null ? "" : ` of ${number.format(job.total_rows)}`);
    show("rate", job.rows_per_second ? ` · ${number.format(Math.round(job.rows_per_second))} rows/s` : "");
    const isStalled = page.querySelector("[data-fresh=state] .stalled");
    show("left", job.eta_seconds === null || isStalled ? "" : ` · ${duration(job.eta_seconds)} left`);
    showReceipt(job);
    const quarter = Math.floor(job.progress * 4);
    if (quarter > announcedQuarter && !OVER.includes(job.status)) {
        announcedQuarter = quarter;
        announce(`${quarter * 25} % of the file has been read.`);
    }
}

// Put the fresh parts of the page in place of those that have changed; not under the hands of someone, but in the end.
async function refresh(isOver) {
    const answer = await fetch(window.location.href, { cache: "no-store" });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of page.querySelectorAll("[data-fresh]")) {
        const other = fresh.querySelector(`[data-fresh=${part.dataset.fresh}]`);
        if (!other || other.textContent === part.textContent || (inUse(part) && !isOver)) {
            continue;
        }
        if (part.contains(document.activeElement)) {
            document.getElementById("progress-heading").focus();
        }
        part.replaceChildren(...other.childNodes);
    }
}

function inUse(part) {
    return part.contains(document.activeElement) || part.querySelector("details[open]");
}

async function poll() {
    const answer = await fetch(page.dataset.job, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (answer.status === 401 || answer.status === 403) {
        trouble("You have been logged out; the import goes on.", { text: "Log in to go on watching", href: page.dataset.login });
        return false;
    }
    if (!answer.ok) {
        throw new Error(`The server answered ${answer.status}.`);
    }
    const job = await answer.json();
    const changed = job.status !== status;
    status = job.status;
    page.dataset.status = status;
    if (changed) {
        announce(`The import is ${status}.`);
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
        trouble("The server cannot be reached; the import goes on by itself. Trying again …");
    }
    if (more) {
        setTimeout(watch, POLL_MS);
    }
}

if (!OVER.includes(status)) {
    watch();
}
