// What a browser makes of pages: node look.js CHROMIUM < [{"url", "width", "dark", "picture"}] > [{"violations", "overflow", "cut", "broken", "unlabelled", "console"}]
// `overflow`: pixels by which the page, not a part of it that scrolls, is wider than the window; `cut`: the parts that scroll sideways;
// `broken`: the words of tables and lists that stand on two lines; `unlabelled`: the cells that no head and no label names.
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import puppeteer from "puppeteer-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await puppeteer.launch({
  executablePath: process.argv[2],
  args: ["--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-gpu"],
});
const found = [];
try {
  for (const {url, width, dark, picture} of JSON.parse(readFileSync(0, "utf8"))) {
    const page = await browser.newPage();
    const said = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(String(error)));
    await page.setBypassCSP(true);
    await page.setViewport({width, height: 900});
    await page.emulateMediaFeatures([{name: "prefers-color-scheme", value: dark ? "dark" : "light"}]);
    await page.goto(url, {waitUntil: "load"});
    await page.evaluate(() => document.querySelectorAll("details").forEach((part) => (part.open = true)));
    if (picture) await page.screenshot({path: picture, fullPage: true});
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    const cut = await page.evaluate(
      () => [...document.querySelectorAll(".scroll")].filter((part) => part.scrollWidth > part.clientWidth)
        .map((part) => part.getAttribute("aria-label")));
    const broken = await page.evaluate(() => {
      const words = [], range = document.createRange();
      for (const cell of document.querySelectorAll("td, th, dd, dt, li")) {
        const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        for (let text = texts.nextNode(); text; text = texts.nextNode()) {
          for (const word of text.data.matchAll(/[\p{L}\p{N}]+/gu)) {
            range.setStart(text, word.index);
            range.setEnd(text, word.index + word[0].length);
            const lines = new Set([...range.getClientRects()].map((line) => Math.round(line.top)));
            if (lines.size > 1) words.push(word[0]);
          }
        }
      }
      return words;
    });
    const unlabelled = await page.evaluate(() => [...document.querySelectorAll("tbody td")].filter((cell) => {
      const head = cell.closest("table").querySelectorAll("thead th")[cell.cellIndex];
      const label = getComputedStyle(cell, "::before").content;
      const seen = head && head.getClientRects().length;
      return cell.getClientRects().length && !seen && (label === "none" || label === '""' || label === "normal");
    }).map((cell) => cell.textContent));
    await page.evaluate(axe);
    const {violations} = await page.evaluate(() => window.axe.run());
    found.push({
      violations: violations.map(({id, nodes}) => `${id}: ${nodes.map((node) => node.target.join(" ")).join("; ")}`),
      overflow: Math.max(overflow, 0),
      cut,
      broken,
      unlabelled,
      console: said,
    });
    await page.close();
  }
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(found));
