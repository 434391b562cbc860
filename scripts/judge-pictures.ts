import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { healthyPicture } from './pictures/healthy.ts'
import { incidentPicture } from './pictures/incident.ts'
import { intervalPicture } from './pictures/interval.ts'
import { lagPicture } from './pictures/lag.ts'
import { leapPicture } from './pictures/leap.ts'
import { limitsPicture } from './pictures/limits.ts'
import { speedPicture } from './pictures/speed.ts'

/** Where the pictures of `docs/how-the-judge-works.md` lie. */
export const PICTURES_FOLDER = fileURLToPath(new URL('../docs/pictures/', import.meta.url))

/** Every picture by the name of its file. Each is drawn from seeded runs through the judge, so that it comes out the same again. */
export const PICTURES: Readonly<Record<string, () => string>> = {
  'limits.svg': limitsPicture,
  'healthy.svg': healthyPicture,
  'leap.svg': leapPicture,
  'incident.svg': incidentPicture,
  'lag.svg': lagPicture,
  'speed.svg': speedPicture,
  'interval.svg': intervalPicture,
}

/** Draws all pictures into a folder. */
export function drawAll(folder: string): void {
  mkdirSync(folder, { recursive: true })
  for (const [name, draw] of Object.entries(PICTURES)) writeFileSync(join(folder, name), draw())
}

if (process.argv[1] === fileURLToPath(import.meta.url)) drawAll(process.argv[2] ?? PICTURES_FOLDER)
