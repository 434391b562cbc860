import type { Binding } from './functions-core.ts'
import type { AuthLevel } from './keys.ts'
import { parseSchedule, type Schedule } from './ncrontab.ts'
import { connectionOf } from './outputs.ts'
import type { Registered } from './worker.ts'

/** The environment of the app: settings by name. */
export type Settings = Readonly<Record<string, string | undefined>>

/** One function of the app, by its trigger. */
export type HostFunction =
  | {
      readonly type: 'http'
      readonly name: string
      readonly disabled: boolean
      /** Without the route prefix. */
      readonly route: string
      readonly methods: readonly string[]
      readonly authLevel: AuthLevel
    }
  | {
      readonly type: 'timer'
      readonly name: string
      readonly disabled: boolean
      readonly schedule: Schedule
      readonly runOnStartup: boolean
      readonly useMonitor: boolean
    }
  | {
      readonly type: 'queue'
      readonly name: string
      readonly disabled: boolean
      readonly queueName: string
      readonly connection: string
    }

const ALL_METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']
const OUTPUTS: readonly string[] = ['http', 'queue']

/** Reads a registration, or throws an Error that says what of it this host cannot play. */
export function readRegistration({ metadata, trigger }: Registered, settings: Settings): HostFunction {
  const { name, retryOptions } = metadata
  if (retryOptions !== undefined && retryOptions !== null) {
    throw new Error(`Function "${name}": this host does not play retry policies.`)
  }
  for (const binding of Object.values(metadata.bindings)) {
    if (binding !== trigger && !(binding.direction === 'out' && OUTPUTS.includes(binding.type))) {
      throw new Error(`Function "${name}": this host does not know the binding type "${binding.type}".`)
    }
  }
  return readTrigger(name, trigger, settings)
}

function readTrigger(name: string, trigger: Binding, settings: Settings): HostFunction {
  const disabled = isDisabled(name, settings)
  switch (trigger.type) {
    case 'httpTrigger': {
      const methods = trigger.methods?.map((method) => method.toUpperCase()) ?? ALL_METHODS
      const authLevel = (trigger.authLevel ?? 'function').toLowerCase() as AuthLevel
      return { type: 'http', name, disabled, route: trigger.route ?? name, methods, authLevel }
    }
    case 'timerTrigger': {
      const schedule = parseSchedule(expand(name, trigger.schedule ?? '', settings))
      const useMonitor = trigger.useMonitor !== false && !firesWithinMinutes(schedule)
      return { type: 'timer', name, disabled, schedule, runOnStartup: trigger.runOnStartup === true, useMonitor }
    }
    case 'queueTrigger': {
      const queueName = expand(name, trigger.queueName ?? '', settings)
      return { type: 'queue', name, disabled, queueName, connection: connectionOf(trigger) }
    }
    default:
      throw new Error(`Function "${name}": this host does not know the trigger type "${trigger.type}".`)
  }
}

/** Replaces each `%SETTING%` by its value. */
function expand(name: string, text: string, settings: Settings): string {
  return text.replace(/%([^%]+)%/g, (_whole, setting: string) => {
    const value = settings[setting]
    if (value === undefined) throw new Error(`Function "${name}" wants the setting ${setting}, which is absent.`)
    return value
  })
}

/** Azure's own switch: `AzureWebJobs.<function>.Disabled` = true or 1; the double underscores are for Linux. */
function isDisabled(name: string, settings: Settings): boolean {
  const value = settings[`AzureWebJobs.${name}.Disabled`] ?? settings[`AzureWebJobs__${name}__Disabled`] ?? ''
  return ['true', '1'].includes(value.toLowerCase())
}

/** Azure keeps no status for schedules with two runs less than a minute apart. */
function firesWithinMinutes(schedule: Schedule): boolean {
  let at = schedule.next(0)
  for (let index = 0; index < 10 && at !== null; index++) {
    const following = schedule.next(at)
    if (following !== null && following - at < 60_000) return true
    at = following
  }
  return false
}
