import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildApp, bundle } from '../scripts/build.ts'
import { atMost, median, type Part, round, told } from './report.ts'

const REPETITIONS = 25
const MOST_TIMES = 2.5
const CHILD = join(import.meta.dirname, 'load-child.ts')

/** How long the bundled app takes to load, against a bundle of one function that says hello. `folder` takes the bundles. */
export async function benchLoadTime(folder: string): Promise<Part> {
  const app = await buildApp(join(folder, 'app'))
  const hello = await bundle(['./bench/apps/hello.ts'], join(folder, 'hello'))
  const times = { app: [] as number[], hello: [] as number[] }
  for (let n = 0; n <= REPETITIONS; n++) {
    const [helloMs, appMs] = [await loadMs(hello), await loadMs(app)]
    // The first pair warms the file cache.
    if (n > 0) times.hello.push(helloMs)
    if (n > 0) times.app.push(appMs)
  }
  const [appMs, helloMs] = [median(times.app), median(times.hello)]
  return {
    title: 'Module load of the bundled app',
    figures: [
      told('bare hello bundle, median', `${round(helloMs)} ms`),
      told('the app, median', `${round(appMs)} ms`),
      atMost('the app against hello', appMs / helloMs, MOST_TIMES, '×'),
    ],
    notes: [
      `Import of main.mjs in a fresh process, ${REPETITIONS} times each in turn; the process's own start is not in it.`,
    ],
  }
}

async function loadMs(entry: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, entry])
  return Number(stdout)
}
