import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Job } from './jobs.ts'

/** What came of a job: for each seed a row of minutes. */
export type Rows = readonly (readonly number[])[]

/** Plays every job on as many threads as there are cores; resolves to what came of each, in the order of the jobs. */
export async function playAll(jobs: readonly Job[], onDone: (done: number) => void): Promise<readonly Rows[]> {
  const results: Rows[] = Array<Rows>(jobs.length).fill([])
  const queue = jobs.keys()
  let done = 0
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url))
    try {
      for (const index of queue) {
        results[index] = await ask(worker, jobs[index])
        done += 1
        onDone(done)
      }
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), jobs.length) }, work))
  return results
}

function ask(worker: Worker, job: Job | undefined): Promise<Rows> {
  return new Promise((resolve, reject) => {
    const onMessage = (rows: Rows): void => {
      worker.off('error', reject)
      resolve(rows)
    }
    worker.once('message', onMessage)
    worker.once('error', reject)
    worker.postMessage(job)
  })
}
