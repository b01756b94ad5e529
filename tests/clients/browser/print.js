// What stands on each sheet of paper: node print.js CHROMIUM < [url] > [[text]]
import {readFileSync} from "node:fs";
import puppeteer from "puppeteer-core";
import {extractText} from "unpdf";

const browser = await puppeteer.launch({
  executablePath: process.argv[2],
  args: ["--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-gpu"],
});
const printed = [];
try {
  for (const url of JSON.parse(readFileSync(0, "utf8"))) {
    const page = await browser.newPage();
    await page.goto(url, {waitUntil: "load"});
    const {text} = await extractText(new Uint8Array(await page.pdf({preferCSSPageSize: true})));
    printed.push(text);
    await page.close();
  }
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(printed));
