import { FIGURES } from './figures.ts'
import { OUTSIDE } from './outside.ts'
import { PEOPLE } from './people.ts'

/** What is told word by word in `told.test.ts`, by title; the expected texts stand beside this file. */
export const STORIES = { ...PEOPLE, ...OUTSIDE, ...FIGURES }
