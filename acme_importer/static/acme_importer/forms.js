/* The forms of the dashboard: names and roles that some of Django's own widgets lack for a screen reader. */

// A point in time: two inputs with texts before them, which are no labels.
for (const input of document.querySelectorAll(".datetime input")) {
    const label = input.closest(".form-row").querySelector("legend, label").textContent.trim().replace(/:$/, "");
    input.setAttribute("aria-label", `${label}, ${input.matches(".vDateField") ? "date" : "time"}`);
}

// Boxes to choose many in: the icons of their searches have names, and need a role that may have one. A script that
// stands before this one makes them when all is loaded.
window.addEventListener("load", () => {
    for (const icon of document.querySelectorAll(".search-label-icon[aria-label]")) icon.setAttribute("role", "img");
});

// Tables of related things: a heading over nothing is none.
for (const heading of document.querySelectorAll(".tabular th:empty")) {
    heading.replaceWith(document.createElement("td"));
}
