/** How often the loser of a race looks again before it gives up: each round somebody else has won. */
export const ATTEMPTS = 8
