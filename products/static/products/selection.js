/* The selection of the list of products: a page, a range with Shift, how many, and all that match on other pages. */

const boxes = [...document.querySelectorAll(".action-select")];
const all = document.getElementById("action-toggle");
const bar = document.querySelector(".selection");
const across = bar?.querySelector(".across");
const clear = bar?.querySelector(".clear");
let last = null;
let shift = false;

function show() {
    const selected = boxes.filter((box) => box.checked).length;
    all.checked = selected === boxes.length;
    all.indeterminate = selected > 0 && !all.checked;
    if (across) {
        // Those of other pages can be added to a whole page, not to a part of it.
        across.hidden = !all.checked;
        if (!all.checked) across.control.checked = false;
    }
    bar.querySelector(".count").textContent = across?.control.checked ? "All selected" : `${selected} selected`;
}

function select(some, checked) {
    for (const box of some) box.checked = checked;
    show();
}

if (bar) {
    all.addEventListener("change", () => select(boxes, all.checked));
    clear.addEventListener("click", () => {
        select(boxes, false);
        all.focus();
    });
    clear.hidden = false;
    across?.addEventListener("change", show);
    document.addEventListener("click", (event) => { shift = event.shiftKey; }, true);
    document.getElementById("result_list").addEventListener("change", (event) => {
        const box = event.target;
        if (!box.matches(".action-select")) return;
        const ends = [boxes.indexOf(shift && last ? last : box), boxes.indexOf(box)].sort((a, b) => a - b);
        last = box;
        select(boxes.slice(ends[0], ends[1] + 1), box.checked);
    });
    // Browsers keep what was selected before one left the page.
    window.addEventListener("pageshow", show);
}
