import { parentPort } from 'node:worker_threads'
import { type Job, play } from './jobs.ts'

// One job at a time: the pool sends the next one when it has the answer.
parentPort?.on('message', (job: Job) => parentPort?.postMessage(play(job)))
