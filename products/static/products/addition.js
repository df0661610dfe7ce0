/* Adding a product from the list: opening the form, one wants to write. */

const addition = document.querySelector(".add-product");
const focus = () => (addition.querySelector(".errors input") ?? addition.querySelector("input[type=text]")).focus();

addition?.addEventListener("toggle", () => {
    if (addition.open) focus();
});
if (addition?.open) focus();
