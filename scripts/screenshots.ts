import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { openStage, type Stage } from '../test/dashboard/browser.ts'
import { packed } from './pictures/png.ts'

const FOLDER = join(import.meta.dirname, '..', 'docs', 'pictures', 'dashboard')

/** Every view that is photographed, with what it waits for and what is pressed before. */
const VIEWS: readonly {
  readonly name: string
  readonly view: string
  readonly wait: string
  readonly press?: readonly string[]
}[] = [
  { name: 'fleet', view: '#/', wait: 'table.fleet' },
  { name: 'rollout', view: '#/production/pricing', wait: '.u-wrap' },
  { name: 'rollout-abort', view: '#/production/pricing', wait: '.u-wrap', press: ['[data-verb="abort"]'] },
  { name: 'rollout-evidence', view: '#/production/fares', wait: '.u-wrap', press: ['.evidence:nth-child(2) summary'] },
  { name: 'rollout-gate', view: '#/production/checkout', wait: '.u-wrap' },
  { name: 'rollout-past', view: '#/production/pricing/5', wait: '.u-wrap' },
  { name: 'audit', view: '#/audit?environment=production', wait: '.timeline .row', press: ['.chains .button'] },
  { name: 'approvals', view: '#/approvals', wait: '.gate' },
  { name: 'freezes', view: '#/freezes', wait: '.freeze' },
  {
    name: 'freeze-form',
    view: '#/freezes',
    wait: '.freeze',
    press: ['.page-head .primary', '.choices label:nth-of-type(3)'],
  },
  { name: 'delivery', view: '#/delivery', wait: '.tile' },
  { name: 'help', view: '#/', wait: 'table.fleet', press: ['[aria-label="Keyboard shortcuts"]'] },
]

const LOOKS = [
  { ending: 'light', colorScheme: 'light', viewport: { width: 1280, height: 860 } },
  { ending: 'dark', colorScheme: 'dark', viewport: { width: 1280, height: 860 } },
  { ending: 'narrow', colorScheme: 'light', viewport: { width: 360, height: 740 } },
] as const

/** Photographs every view in light, dark and narrow (what is pressed, in light and narrow) into `folder`, or those whose names begin with `only`. */
export async function takeAll(folder: string, only = ''): Promise<void> {
  await mkdir(folder, { recursive: true })
  const stage = await openStage()
  try {
    for (const shot of VIEWS.filter(({ name }) => name.startsWith(only)))
      for (const look of LOOKS)
        if (shot.press === undefined || look.ending !== 'dark') await take(stage, folder, shot, look)
    await takeRare(stage, folder)
  } finally {
    await stage.close()
  }
}

async function take(
  stage: Stage,
  folder: string,
  { name, view, wait, press }: (typeof VIEWS)[number],
  look: (typeof LOOKS)[number],
) {
  const { ending, ...options } = look
  const { page, close } = await stage.open(view, options)
  await page.waitForSelector(wait)
  for (const selector of press ?? []) await page.click(selector)
  await page.waitForTimeout(350)
  await save(page, join(folder, `${name}-${ending}.png`), options.viewport.width, !isDialog(press))
  await close()
}

function isDialog(press: readonly string[] = []): boolean {
  return press.some((selector) => /verb|primary|Keyboard/.test(selector))
}

const TALLEST = 1500

/** Saves what is on the page, or on the screen alone, but no more than people scroll to. */
async function save(page: Page, path: string, width: number, isWhole: boolean): Promise<void> {
  const whole = Number(await page.evaluate('document.documentElement.scrollHeight'))
  const size = isWhole ? { fullPage: true, clip: { x: 0, y: 0, width, height: Math.min(whole, TALLEST) } } : {}
  await writeFile(path, packed(await page.screenshot(size)))
}

/** What is seldom seen: nobody signed in, nothing there yet, no answer. */
async function takeRare({ fixture: { scenery }, open }: Stage, folder: string): Promise<void> {
  const { fleet } = scenery
  scenery.fleet = []
  await snap(open('#/'), '.beginning', join(folder, 'empty-light.png'))
  scenery.fleet = fleet
  scenery.refuse = 401
  await snap(open('#/production/pricing'), '.sign-in-box', join(folder, 'sign-in-light.png'))
  scenery.refuse = 503
  await snap(open('#/'), '.failed', join(folder, 'failed-light.png'))
  scenery.refuse = null
}

async function snap(opened: ReturnType<Stage['open']>, wait: string, path: string): Promise<void> {
  const { page, close } = await opened
  await page.waitForSelector(wait)
  await save(page, path, 1280, false)
  await close()
}

if (process.argv[1] === import.meta.filename) await takeAll(process.argv[2] ?? FOLDER, process.argv[3] ?? '')
