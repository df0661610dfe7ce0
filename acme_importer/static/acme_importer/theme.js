/* Light, dark, or as the system has it: what was chosen in the account menu. Not a module and not deferred, since the
   attribute has to be there before anything is painted. */

"use strict";
{
    const read = () => {
        try {
            return localStorage.getItem("theme");
        } catch {
            // Storage is turned off: the system decides.
            return null;
        }
    };
    document.documentElement.dataset.theme = read() ?? "auto";
    document.addEventListener("DOMContentLoaded", () => {
        for (const choice of document.querySelectorAll("input[name=theme]")) {
            choice.checked = choice.value === document.documentElement.dataset.theme;
            choice.addEventListener("change", () => {
                document.documentElement.dataset.theme = choice.value;
                try {
                    localStorage.setItem("theme", choice.value);
                } catch {
                    // Then it lasts until the next page.
                }
            });
        }
    });
}
