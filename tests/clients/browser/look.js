// What a browser makes of pages: node look.js CHROMIUM < [{"url", "width", "dark", "picture"}] > [{"violations", "overflow", "cut", "console"}]
// `overflow`: pixels by which the page, not a part of it that scrolls, is wider than the window; `cut`: how many parts scroll sideways.
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
    if (picture) await page.screenshot({path: picture});
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    const cut = await page.evaluate(
      () => [...document.querySelectorAll(".scroll")].filter((part) => part.scrollWidth > part.clientWidth).length);
    await page.evaluate(axe);
    const {violations} = await page.evaluate(() => window.axe.run());
    found.push({
      violations: violations.map(({id, nodes}) => `${id}: ${nodes.map((node) => node.target.join(" ")).join("; ")}`),
      overflow: Math.max(overflow, 0),
      cut,
      console: said,
    });
    await page.close();
  }
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(found));
