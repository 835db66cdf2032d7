// A live page hears of changes from its own server. Where the connection is lost the browser tries again by
// itself. While the page is hidden it does not listen: a browser keeps about six connections to one server, and
// as many open tabs would leave none for the next one. What it missed comes merged when it is seen again.

function listen(address, hear) {
  const next = new URL(address, document.baseURI);
  let source = null;
  const connect = () => {
    if (source) return;
    tell('waiting', 'connecting');
    source = listenTo(next, hear);
  };
  const rest = () => {
    if (source) source.close();
    source = null;
  };
  document.addEventListener('visibilitychange', () => (document.hidden ? rest() : connect()));
  // Going back to a page, a browser may show it as it was left.
  window.addEventListener('pagehide', rest);
  window.addEventListener('pageshow', connect);
  connect();
}

function listenTo(next, hear) {
  const source = new EventSource(next);
  source.addEventListener('open', () => tell('live', 'live'));
  source.addEventListener('error', () =>
    tell(
      'lost',
      source.readyState === EventSource.CLOSED
        ? 'connection refused: open the address of hpo serve again'
        : 'connection lost, trying again',
    ),
  );
  source.addEventListener('change', (event) => {
    tell('live', 'live');
    if (event.lastEventId) next.searchParams.set('since', event.lastEventId);
    hear(JSON.parse(event.data));
  });
  return source;
}

function tell(state, text) {
  const pill = byId('connection');
  pill.hidden = false;
  pill.className = `pill ${state}`;
  if (pill.textContent !== text) pill.textContent = text;
}
