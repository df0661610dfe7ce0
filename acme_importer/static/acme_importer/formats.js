// How pages write numbers, sizes and durations, and draw a receipt: the same as the server does, for what a script updates.

const numbers = new Intl.NumberFormat("en");
const oneDecimal = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const UNITS = ["KB", "MB", "GB", "TB"];

// A text from a stranger, such as a file's name, without what cannot be seen or turns the direction of writing.
export const printable = (text) =>
    text.replace(/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu, (c) => `\\u${c.codePointAt(0).toString(16).padStart(4, "0")}`);

export const number = (value) => numbers.format(value);

export function fileSize(bytes) {
    if (bytes < 1024) {
        return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
    }
    let size = bytes / 1024;
    let unit = 0;
    while (size >= 1024 && unit < UNITS.length - 1) {
        size /= 1024;
        unit += 1;
    }
    return `${oneDecimal.format(size)} ${UNITS[unit]}`;
}

export function duration(seconds) {
    if (seconds < 10) {
        return `${Math.round(seconds * 10) / 10} s`;
    }
    const whole = Math.round(seconds);
    if (whole < 60) {
        return `${whole} s`;
    }
    return whole < 3600
        ? `${Math.floor(whole / 60)} min ${whole % 60} s`
        : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

const word = (kind, count) => (kind === "duplicate" && count !== 1 ? "duplicates" : kind);

// Bring the bar and the legend inside `receipt` up to date with `job`, as the API gives it.
export function drawReceipt(receipt, job) {
    const total = job.processed_rows || 1;
    const said = [];
    let before = 0;
    for (const rect of receipt.querySelectorAll("[data-part]")) {
        const kind = rect.dataset.part;
        const count = job[`${kind}_rows`];
        rect.setAttribute("x", `${(before * 100) / total}%`);
        rect.setAttribute("width", `${(count * 100) / total}%`);
        receipt.querySelector(`[data-count=${kind}]`).textContent = number(count);
        receipt.querySelector(`[data-word=${kind}]`).textContent = word(kind, count);
        if (count) {
            said.push(`${number(count)} ${word(kind, count)}`);
        }
        before += count;
    }
    receipt.querySelector("[data-receipt]").setAttribute("aria-label", said.join(", ") || "no rows");
}
