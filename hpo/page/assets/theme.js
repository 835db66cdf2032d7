// Light and dark: as the system has it, until the button says otherwise. Paper is always light.

const dark = window.matchMedia('(prefers-color-scheme: dark)');
const paper = window.matchMedia('print');
let chosen = readTheme();
let onPaper = paper.matches;

// A page in a sandbox has no storage; the choice then lasts as long as the page.
function readTheme() {
  try {
    return window.localStorage.getItem('hpo-theme');
  } catch {
    return null;
  }
}

function keepTheme(name) {
  try {
    window.localStorage.setItem('hpo-theme', name);
  } catch {
    /* it lasts as long as the page */
  }
}

function showTheme(printed = paper.matches) {
  onPaper = printed;
  const name = printed ? 'light' : chosen || (dark.matches ? 'dark' : 'light');
  document.documentElement.setAttribute('data-theme', name);
  byId('theme').textContent = name === 'dark' ? 'Light' : 'Dark';
  byId('theme').setAttribute(
    'aria-label',
    name === 'dark' ? 'Show in light colours' : 'Show in dark colours',
  );
}

// The button turns it, and so does the system, unless the button has.
function watchTheme(changed) {
  dark.addEventListener('change', changed);
  byId('theme').addEventListener('click', () => {
    chosen = document.documentElement.getAttribute('data-theme') === 'dark' ? 'light' : 'dark';
    keepTheme(chosen);
    changed();
  });
}
