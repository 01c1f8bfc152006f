// SPDX-License-Identifier: MIT
//
// How often a server that dies is started again: a few times, not for ever.

export class Restarts {
    private deaths: number[] = [];

    constructor(
        private readonly most = 4,
        private readonly within = 3 * 60 * 1000,
    ) {}

    // The server died at `now`: is it worth another try?
    mayRestart(now: number): boolean {
        this.deaths = this.deaths.filter((at) => now - at < this.within);
        this.deaths.push(now);
        return this.deaths.length <= this.most;
    }
}
