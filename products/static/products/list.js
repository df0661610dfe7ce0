/* The list of products: keeps people from losing what they have written in its rows. */

const rows = document.getElementById("changelist-form");
let changed = false;

rows?.addEventListener("input", (event) => {
    if (event.target.closest("td:not(.action-checkbox)")) {
        event.target.closest("tr").classList.add("edited");
        changed = true;
    }
});
// Whatever sends these rows has asked already, or saves them.
rows?.addEventListener("submit", () => { changed = false; });
window.addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
});

// Opening the form for a new product, one wants to write.
const addition = document.querySelector("details.add-product");
addition?.addEventListener("toggle", () => {
    if (addition.open) (addition.querySelector(".errors input") ?? addition.querySelector("input[type=text]")).focus();
});
if (addition?.open) addition.querySelector(".errors input")?.focus();
