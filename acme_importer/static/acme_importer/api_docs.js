/* Swagger UI is dark where its page has a class; this follows the theme that theme.js has set, or the system. Not deferred,
   since the class has to be there before anything is painted. And its headings go from the first level to the third: they
   are announced a level higher. */

"use strict";
{
    const root = document.documentElement;
    const system = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => {
        const theme = root.dataset.theme;
        root.classList.toggle("dark-mode", theme === "dark" || (theme === "auto" && system.matches));
    };
    system.addEventListener("change", follow);
    follow();

    const levels = { H3: 2, H4: 3, H5: 4 };
    const announce = () => {
        for (const heading of document.querySelectorAll("#swagger-ui :is(h3, h4, h5):not([aria-level])")) {
            heading.setAttribute("aria-level", levels[heading.tagName]);
        }
    };
    new MutationObserver(announce).observe(root, { childList: true, subtree: true });
}
