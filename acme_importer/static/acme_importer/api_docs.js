/* Swagger UI is dark where its page has a class; this follows the theme that theme.js has set, or the system. Not deferred,
   since the class has to be there before anything is painted. */

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
}
