import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../errors.ts'

/** A text file of a folder, by its name. */
export interface TextFile {
  readonly name: string
  readonly text: string
}

const MANIFEST_FILE = /\.ya?ml$/i

/** The YAML files right in `folder`, by name. Throws Fault not-found or denied when the folder cannot be read. */
export async function yamlFiles(folder: string): Promise<readonly TextFile[]> {
  try {
    const names = (await readdir(folder)).filter((name) => MANIFEST_FILE.test(name)).sort()
    return await Promise.all(names.map(async (name) => ({ name, text: await readFile(join(folder, name), 'utf8') })))
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException
    const kind = code === 'ENOENT' || code === 'ENOTDIR' ? 'not-found' : 'denied'
    throw new Fault(kind, `the folder of manifests (SLIPWAY_MANIFESTS) cannot be read: ${code} ${folder}`, {
      cause: error,
    })
  }
}
