/** What the reader likes, kept in this browser: no secret, and nothing is lost where it cannot be kept. */
export type Theme = 'auto' | 'light' | 'dark'

const THEMES: readonly Theme[] = ['auto', 'light', 'dark']
const THEME_KEY = 'slipway-theme'
const SHORTCUTS_KEY = 'slipway-shortcuts'

/** The theme that was chosen; `auto` follows the system. */
export function theme(): Theme {
  return THEMES.find((known) => known === kept(THEME_KEY)) ?? 'auto'
}

/** Shows a theme and keeps it. Tells `slipway-theme` on the window, for what is drawn and not styled. */
export function showTheme(chosen: Theme): void {
  document.documentElement.dataset.theme = chosen
  keep(THEME_KEY, chosen)
  dispatchEvent(new Event('slipway-theme'))
}

/** The theme after this one, in the order auto, light, dark. */
export function nextTheme(now: Theme): Theme {
  return THEMES[(THEMES.indexOf(now) + 1) % THEMES.length] ?? 'auto'
}

/** Whether single keys are shortcuts; on unless they were switched off. */
export function hasShortcuts(): boolean {
  return kept(SHORTCUTS_KEY) !== 'off'
}

/** Switches the shortcuts of single keys on or off. */
export function setShortcuts(isOn: boolean): void {
  keep(SHORTCUTS_KEY, isOn ? 'on' : 'off')
}

function kept(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // A browser that keeps nothing still shows it until the page is closed.
  }
}
