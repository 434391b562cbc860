import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { History, type Summary } from './history.ts'
import { type Line, readLine } from './line.ts'
import { BadLine } from './shape.ts'

/** Reads lines in their order and tells what their history came to; throws `BadLine`, which names the line. */
export function historyOf(lines: Iterable<string>): Summary {
  const history = new History()
  let number = 0
  for (const json of lines) {
    number += 1
    if (json !== '') history.see(numbered(json, number))
  }
  return history.end()
}

/** As `historyOf`, for a file of any size. */
export async function historyOfFile(path: string): Promise<Summary> {
  const history = new History()
  let number = 0
  for await (const json of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1
    if (json !== '') history.see(numbered(json, number))
  }
  return history.end()
}

function numbered(json: string, number: number): Line {
  try {
    return readLine(json, number)
  } catch (error) {
    if (error instanceof BadLine) throw new BadLine(`line ${number}: ${error.message}`)
    throw error
  }
}
