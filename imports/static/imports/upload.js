// The upload of a file: dropped or chosen, sent while its progress is shown, then on to its preview.

import { fileSize, printable } from "../acme_importer/formats.js";

const form = document.getElementById("upload");
const part = (name) => form.querySelector(`[data-${name}]`);
const input = form.elements.file;
const drop = part("drop");
const sending = part("sending");
const bar = part("progress");

function announce(text) {
    part("announce").textContent = text;
}

// `link`, if given, is what to do about it: {text, href}.
function refuse(message, link) {
    sending.hidden = true;
    drop.hidden = false;
    input.value = "";
    announce("");
    part("error-text").textContent = printable(message);
    if (link) {
        const anchor = document.createElement("a");
        anchor.textContent = link.text;
        anchor.href = link.href;
        part("error-text").append(" ", anchor);
    }
    part("error").hidden = false;
    input.focus();
}

function showProgress(sent, total) {
    const share = total ? sent / total : 0;
    bar.value = share;
    part("sent").textContent = share < 1
        ? `${fileSize(sent)} of ${fileSize(total)}, ${Math.floor(share * 100)}%`
        : "All sent. Reading the file …";
    const quarter = `${Math.floor(share * 4) * 25}% sent`;
    if (share && part("announce").textContent !== quarter) {
        announce(quarter);
    }
}

// Why there was no response: a server that cannot be reached, a session that has ended, a file for which there is no
// room (the server does not read it then, which the browser may take for a broken connection), or a lost connection.
async function explainSilence({ name, size }) {
    let response;
    try {
        response = await fetch(`${form.action}?size=${size}`, { redirect: "manual", cache: "no-store" });
    } catch {
        refuse(`The server cannot be reached, and “${name}” was not uploaded. Check your connection, then choose the file again.`);
        return;
    }
    if (response.type === "opaqueredirect") {
        refuseLoggedOut();
        return;
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const error = page.querySelector("[data-error]:not([hidden]) [data-error-text]");
    if (error) {
        refuse(error.textContent);
    } else {
        refuse(`The connection was lost before all of “${name}” was sent. Nothing was imported. Choose the file again.`);
    }
}

function refuseLoggedOut() {
    refuse("You have been logged out, and the file was not uploaded.", { text: "Log in and choose it again", href: form.dataset.login });
}

function answered(request, name) {
    if (request.getResponseHeader("Content-Type")?.startsWith("application/json")) {
        const response = JSON.parse(request.responseText);
        if (response.url) {
            window.location.assign(response.url);
        } else {
            refuse(response.error);
        }
    } else if (new URL(request.responseURL).pathname !== new URL(form.action).pathname) {
        refuseLoggedOut();
    } else if (request.status === 403) {
        refuse("The server did not accept the upload: you may have logged in again in another window.", { text: "Reload this page and choose the file again", href: window.location.href });
    } else if (request.status === 413) {
        refuse(`“${name}” is too large for the server. Send it compressed (.gz).`);
    } else {
        refuse(`The server could not take “${name}” (error ${request.status}). Try again; if it fails again, contact your administrator.`);
    }
}

function send(file) {
    part("error").hidden = true;
    const limit = Number(form.dataset.maxBytes);
    if (file.size > limit) {
        refuse(`“${file.name}” is ${fileSize(file.size)}, and ${fileSize(limit)} is the limit. Send it compressed (.gz), or in parts.`);
        return;
    }
    if (!file.size) {
        refuse(`“${file.name}” is empty. Choose another file.`);
        return;
    }
    const content = new FormData(form);
    content.set("file", file);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => showProgress(event.loaded, event.total));
    request.addEventListener("load", () => answered(request, file.name));
    request.addEventListener("error", () => explainSilence(file));
    request.addEventListener("abort", () => refuse(`The upload of “${file.name}” was stopped. Nothing was imported.`));
    part("stop").onclick = () => request.abort();
    part("filename").textContent = printable(file.name);
    drop.hidden = true;
    sending.hidden = false;
    showProgress(0, file.size);
    request.send(content);
    part("stop").focus();
}

input.addEventListener("change", () => input.files.length && send(input.files[0]));
form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files.length) {
        send(input.files[0]);
    }
});
for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
        event.preventDefault();
        drop.classList.add("over");
    });
}
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const files = event.dataTransfer.files;
    if (files.length === 1) {
        send(files[0]);
    } else if (files.length) {
        refuse("Drop one file at a time.");
    }
});
// The browser would open a file that is dropped beside the field in place of the page.
for (const kind of ["dragover", "drop"]) {
    window.addEventListener(kind, (event) => event.preventDefault());
}
// A file is sent as soon as it is chosen.
part("submit").hidden = true;
// A file may have been chosen before this script ran.
if (input.files.length) {
    send(input.files[0]);
}
