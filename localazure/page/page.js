// Asks every second whether anything changed, and puts it in its place: what a deployment does can be watched.
// Where the answer takes long, since the cloud is large, it asks less often: most of the time is the deployment's.
(() => {
  const main = document.querySelector("main");
  const state = document.getElementById("state");
  let version = main.dataset.version;
  async function refresh() {
    let again = 1000;
    const asked = performance.now();
    try {
      const answer = document.hidden ? null : await fetch("/main?seen=" + encodeURIComponent(version) + "&" + location.search.slice(1), {cache: "no-store"});
      if (answer && answer.status === 200) {
        version = answer.headers.get("x-version");
        main.innerHTML = await answer.text();
      }
      if (answer && answer.status === 401) {
        state.textContent = "signed out: python -m localazure page gives a new address";
        return;
      }
      state.textContent = "up to date, and stays so";
      again = Math.max(again, 9 * (performance.now() - asked));
    } catch {
      state.textContent = "the local Azure does not answer; what follows is the last that was seen";
      again = 3000;
    }
    setTimeout(refresh, again);
  }
  refresh();
})();
