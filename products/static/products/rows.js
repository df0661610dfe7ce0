/* The rows of the list of products: marks those that were changed, counts them, and keeps people from losing them. */

const form = document.getElementById("changelist-form");
const save = form?.querySelector("button[name=_save]");
let leaving = false;

// What the page showed stands in a hidden field behind each field. The server compares with it, too.
function differs(field) {
    const shown = field.nextElementSibling.value;
    if (field.type === "checkbox") {
        return field.checked !== (shown === "True");
    }
    if (field.type === "number" && field.value !== "" && shown !== "") {
        return Number(field.value) !== Number(shown);
    }
    return field.value !== shown || field.validity.badInput;
}

function mark(row) {
    const fields = row.querySelectorAll("td:not(.action-checkbox) > input:not([type=hidden])");
    row.classList.toggle("edited", [...fields].some(differs));
}

const edited = () => form.querySelectorAll("tr.edited").length;

function count() {
    const changes = edited();
    save.textContent = changes ? `Save ${changes} ${changes === 1 ? "change" : "changes"}` : "Save changes";
    save.classList.toggle("primary", changes > 0);
    save.disabled = changes === 0;
}

if (save) {
    form.addEventListener("input", (event) => {
        const row = event.target.closest("tbody tr");
        if (!row) return;
        mark(row);
        count();
    });
    form.addEventListener("submit", (event) => {
        const acts = event.submitter?.name === "action";
        if (acts && edited() && !event.submitter.value.startsWith("export_")) {
            if (!confirm("Changes in the rows are not saved yet. Continue, and lose them?")) {
                event.preventDefault();
                return;
            }
        }
        leaving = true;
        // A download leaves the page where it is.
        if (acts) setTimeout(() => { leaving = false; }, 2000);
    });
    window.addEventListener("beforeunload", (event) => {
        if (edited() && !leaving) event.preventDefault();
    });
    // Browsers fill in what was written before one left the page, or before it was reloaded.
    window.addEventListener("pageshow", () => {
        leaving = false;
        for (const row of form.querySelectorAll("tbody tr")) mark(row);
        count();
    });
}
