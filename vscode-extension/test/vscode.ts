/** A stand-in for the editor's module, for modules of which only the pure functions are tested. */
export {};
