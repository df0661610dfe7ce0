/* The browsable API: what its templates lack for a screen reader, and cannot be told from outside. */

document.documentElement.lang = "en";
// The page has a main landmark already, around this one.
document.querySelector(".content-main")?.removeAttribute("role");
for (const button of document.querySelectorAll("button.dropdown-toggle:has(> .caret:only-child)")) {
    button.setAttribute("aria-label", "Other formats");
}
// A gap between pages that is written as a link to nowhere.
for (const gap of document.querySelectorAll(".pagination a[href='#']:has(> [aria-hidden]:only-child)")) {
    gap.replaceWith(Object.assign(document.createElement("span"), { textContent: gap.textContent }));
}
// What does not fit is scrolled, with the keyboard, too.
for (const text of document.querySelectorAll("pre")) text.tabIndex = 0;
