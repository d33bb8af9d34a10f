/** Moments as text, without the machine's clock: the library takes `Date` nowhere but in its ports. */

const dayMs = 86_400_000;

/**
 * ISO 8601 in UTC with milliseconds, for moments of the years 1970 to 9999.
 *
 * @example isoTime(0) === "1970-01-01T00:00:00.000Z"
 */
export function isoTime(nowMs: number): string {
  const ms = Math.max(0, Math.floor(nowMs));
  const { year, month, day } = dateOf(Math.floor(ms / dayMs));
  const rest = ms % dayMs;
  const clock = [rest / 3_600_000, (rest / 60_000) % 60, (rest / 1_000) % 60].map((part) => pad(part, 2));
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${clock.join(":")}.${pad(rest % 1_000, 3)}Z`;
}

/** Years are counted from March, so that the leap day is the last of one. */
function dateOf(daysSince1970: number): { year: number; month: number; day: number } {
  const days = daysSince1970 + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

function pad(value: number, digits: number): string {
  return String(Math.floor(value)).padStart(digits, "0");
}
