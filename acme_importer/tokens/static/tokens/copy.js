/* Buttons that copy a text of the page: `data-copies` is its id. Browsers allow it on https and on this machine only. */

for (const button of document.querySelectorAll("[data-copies]")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent);
        button.textContent = "Copied";
    });
}
