// Light or dark: the system's wish until a person chooses, then the choice, remembered in this browser.

const KEY = "playground.theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

export function currentTheme() {
  return localStorage.getItem(KEY) ?? (dark.matches ? "dark" : "light");
}

function apply() {
  document.documentElement.dataset.theme = currentTheme();
}

export function toggleTheme() {
  localStorage.setItem(KEY, currentTheme() === "dark" ? "light" : "dark");
  apply();
  document.dispatchEvent(new Event("themechange"));
}

dark.addEventListener("change", () => {
  apply();
  document.dispatchEvent(new Event("themechange"));
});
apply();
