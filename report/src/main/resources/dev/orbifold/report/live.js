/**
 * Lets the page follow its Run: states arrive as server-sent events, and whatever is another in one of them replaces what
 * the page shows. The token is in the page's own address and stays there; links and the stream get it from it.
 */
function follow(first, show) {
  // The server lets no 5 seconds pass in silence.
  const SILENCE = 15000, LOOK = 5000;
  const root = document.documentElement, shown = new Map();
  const connection = document.getElementById('connection');
  let states = 0, heard = Date.now(), source;

  function set(state) {
    root.dataset.status = state.status;
    for (const [id, html] of Object.entries(state.parts)) {
      if (shown.get(id) === html) continue;
      shown.set(id, html);
      document.getElementById(id).innerHTML = html;
    }
    for (const link of document.querySelectorAll('a[data-way]')) link.href = link.dataset.way + location.search;
    for (const section of document.querySelectorAll('section.charts')) {
      const figures = [...section.querySelectorAll('figure')];
      const charts = figures.map(figure => state.charts.find(chart => chart.id === figure.dataset.chart));
      section.hidden = charts.every(chart => chart === undefined);
      // All of them have their places before one is drawn, which takes the width of its place.
      figures.forEach((figure, i) => { figure.hidden = charts[i] === undefined; });
      charts.filter(chart => chart !== undefined).forEach(show);
    }
    root.dataset.states = String(++states);
  }
  function say(kind, text) {
    if (root.dataset.connection === kind) return;
    root.dataset.connection = kind;
    connection.textContent = text;
  }
  function connect() {
    const path = location.pathname === '/' ? '' : location.pathname;
    source = new EventSource(path + '/events' + location.search);
    source.addEventListener('open', () => { heard = Date.now(); say('live', 'live'); });
    source.addEventListener('beat', () => { heard = Date.now(); say('live', 'live'); });
    source.addEventListener('state', event => { heard = Date.now(); say('live', 'live'); set(JSON.parse(event.data)); });
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) say('closed', 'not watched any more: start orbifold watch again and open the address that it prints');
      else say('lost', 'the connection is lost; trying again');
    });
  }
  set(first);
  connect();
  setInterval(() => {
    if (source.readyState !== EventSource.CLOSED && Date.now() - heard > SILENCE) {
      source.close();
      heard = Date.now();
      say('lost', 'the connection is lost; trying again');
      connect();
    }
  }, LOOK);
}
