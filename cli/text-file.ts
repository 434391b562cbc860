import { readFile } from 'node:fs/promises'
import { EXIT, Refusal } from './exit.ts'

const LARGEST = 256 * 1024 * 1024

/** The text of a file in UTF-8, a byte order mark kept; `-` is standard input. Throws Refusal that says why it cannot be read. */
export async function readText(file: string, what: string): Promise<string> {
  const bytes = await bytesOf(file, what)
  if (bytes.byteLength > LARGEST) throw new Refusal(EXIT.error, `${file} is larger than 256 MiB; split it`)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new Refusal(EXIT.error, `${file}:1: is not UTF-8; save it as UTF-8`, { cause })
  }
}

async function bytesOf(file: string, what: string): Promise<Uint8Array> {
  try {
    return file === '-' ? await standardInput() : await readFile(file)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`
    throw new Refusal(EXIT.error, `the ${what} ${file} ${why}; check the path`, { cause })
  }
}

async function standardInput(): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of process.stdin) parts.push(part as Uint8Array)
  return Buffer.concat(parts)
}
