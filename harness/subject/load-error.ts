/** The subject cannot be used; the message says which, why, and what to do. Misuse, not a defect. */
export class SubjectLoadError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SubjectLoadError";
  }
}
