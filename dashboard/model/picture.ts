/** One line of a chart. `ink` names a colour of the theme. */
export interface Line {
  readonly label: string
  readonly ink: string
  readonly values: readonly (number | null)[]
  readonly isStepped?: boolean
  readonly isDashed?: boolean
  readonly isFilled?: boolean
  readonly width?: number
}

/** What is drawn: lines over moments (epoch milliseconds), and the band between two rows of values. */
export interface Picture {
  readonly at: readonly number[]
  /** What the time axis spans, so that all charts of a rollout stand one below the other; null = what there is. */
  readonly span: readonly [number, number] | null
  readonly lines: readonly Line[]
  readonly band: {
    readonly low: readonly (number | null)[]
    readonly high: readonly (number | null)[]
    readonly ink: string
    /** How much there is behind each moment, 0 to 1: the less, the paler. */
    readonly strength: readonly number[]
  } | null
  /** Upper end of the value axis. */
  readonly most: number
  readonly said: (value: number) => string
  readonly height: number
}
