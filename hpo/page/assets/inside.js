// Inside of a notebook the page has no address of its own: a link to one of its sections would load the notebook.

if (window.location.protocol === 'about:') {
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[href^="#"]') : null;
    const target = link && byId(link.getAttribute('href').slice(1));
    if (!target) return;
    event.preventDefault();
    target.scrollIntoView();
    if (target.tabIndex >= 0 || target.hasAttribute('tabindex')) target.focus();
  });
}
