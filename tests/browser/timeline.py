#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: timeline.py CHROMIUM SCRATCH PAGE...  Uses each page as somebody who looks for a race does; says what fails."""

import os
import sys

from devtools import Browser

failures = []


def check(what, holds):
    if not holds:
        failures.append(what)


def shown(browser):
    return browser.eval(
        "[...document.querySelectorAll('tr[data-step]')].filter(r => r.offsetParent !== null).length")


def selected(browser):
    return browser.eval("(document.querySelector('tr.selected') || {dataset: {}}).dataset.step")


def state(browser):
    return browser.eval("document.getElementById('state').innerText")


def background(browser):
    return browser.eval("getComputedStyle(document.body).backgroundColor")


def contrast(browser):
    """Of text and background, as the WCAG count it."""
    return browser.eval("""(() => {
      const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(v => { v /= 255;
        return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126*r + 0.7152*g + 0.0722*b; };
      const style = getComputedStyle(document.body);
      const a = light(style.color), b = light(style.backgroundColor);
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); })()""")


def select_and_unfold(browser):
    check("a guilty step is selected first", browser.eval("!!document.querySelector('tr.selected.guilty')"))
    browser.key("Home")
    first = selected(browser)
    browser.key("j", "j")
    second = selected(browser)
    check("j moves on", int(second) > int(first))
    browser.key("k", "k")
    check("k moves back", selected(browser) == first)
    browser.key("ArrowDown")
    check("the arrow moves on", selected(browser) == second)
    before = state(browser)
    browser.key("End")
    check("the state follows the selection", state(browser) != before)
    browser.click("tr.step:not(.quiet) td.n")
    check("a click selects", browser.eval("document.querySelector('tr.selected').classList.contains('step')"))
    is_open = "document.querySelector('tr.selected details').open"
    was = browser.eval(is_open)
    browser.key("Enter")
    check("Enter unfolds", browser.eval(is_open) != was)
    check("what is unfolded has steps", browser.eval("document.querySelectorAll('tr.selected li').length") > 0)
    check("and where it was called from", browser.eval("!!document.querySelector('tr.selected .chain')"))
    browser.key("Enter")
    check("Enter folds", browser.eval(is_open) == was)


def filter_and_all(browser):
    few = shown(browser)
    browser.key("a", "a")
    check("a shows all steps", shown(browser) > few)
    browser.key("a", "a")
    check("a hides them", shown(browser) == few)
    browser.key("/", "/")
    check("/ goes to the filter", browser.eval("document.activeElement.id") == "filter")
    word = browser.eval("document.querySelector('tr.step:not(.quiet) summary').innerText.match(/[a-z_]+/)[0]")
    browser.type(word)
    check("the filter filters", 0 < shown(browser) < few)
    check("and says how many", browser.eval("document.getElementById('count').innerText") != "")
    browser.key("Escape")
    check("Escape lets go", shown(browser) == few)
    browser.key("g", "g")
    check("g goes to a guilty step", browser.eval("!!document.querySelector('tr.selected.guilty')"))


def arrows_and_bars(browser, expect_arrows):
    arrows = browser.eval("""(() => { let n = 0; for (const row of document.querySelectorAll('tr.step')) {
      if (row.offsetParent === null) continue; row.click(); n += document.querySelectorAll('#arrows path').length; }
      return n; })()""")
    check("reads-from arrows are drawn", arrows > 0 or not expect_arrows)
    check("held locks have bars", browser.eval("document.querySelectorAll('.bar[title*=\"holds\"]').length") > 0)


def themes(browser):
    seen = set()
    for scheme in ("light", "dark"):
        browser.theme(scheme)
        seen.add(background(browser))
        check(f"{scheme} can be read", contrast(browser) > 7)
    check("the page follows the system's theme", len(seen) == 2)
    one = background(browser)
    browser.key("t", "t")
    check("t changes the theme", background(browser) != one)
    check("and it can be read", contrast(browser) > 7)
    browser.click("#theme")
    check("the button changes it back", background(browser) == one)


def odds(browser):
    check("the odds have bars", browser.eval("document.querySelectorAll('.odds a').length") > 10)
    browser.click(".odds a.jump")
    check("the jump leads to its step", browser.eval("!!document.querySelector('tr.selected')")
          and browser.eval("location.hash") != "")


def without_scripts(browser, url):
    browser.scripts(False)
    browser.open(url)
    # What the page says to somebody who runs no scripts; evaluating is the debugger's, not the page's.
    text = browser.eval("document.body.innerText")
    check("without scripts the steps are there", "runs" in text and "()" in text)
    check("and no control that would need one",
          browser.eval("[...document.querySelectorAll('.needs-js')].every(e => e.offsetParent === null)"))
    browser.click("tr.step:not(.quiet) summary")
    check("a step unfolds without scripts", browser.eval("!!document.querySelector('tr details[open]')"))
    browser.scripts(True)


def main():
    program, scratch, *pages = sys.argv[1:]
    browser = Browser(program, os.path.join(scratch, "profile"))
    try:
        for page in pages:
            url = "file://" + os.path.abspath(page)
            browser.open(url)
            browser.wait("document.documentElement.classList.contains('js')")
            select_and_unfold(browser)
            filter_and_all(browser)
            arrows_and_bars(browser, "two" in page)
            themes(browser)
            if browser.eval("!!document.querySelector('.odds')"):
                odds(browser)
            for complaint in browser.complaints():
                failures.append("console: " + complaint)
            for name in os.environ.get("SCREENSHOTS", "").split():
                browser.theme(name)
                browser.eval("delete document.documentElement.dataset.theme; scrollTo(0, 0)")
                browser.key("g", "g")
                browser.screenshot(page.replace(".html", f"-{name}.png"))
            without_scripts(browser, url)
            for failure in failures:
                print(f"{page}: {failure}")
            if failures:
                return 1
        print(f"{len(pages)} pages")
        return 0
    finally:
        browser.close()


sys.exit(main())
