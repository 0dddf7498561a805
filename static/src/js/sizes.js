/** Bytes as the server writes them: in steps of 1024, with its names of the units. */
export function formatSize(bytes, units) {
  let value = bytes;
  let power = 0;
  while (value >= 1000 && power < units.length - 1) {
    value /= 1024;
    power += 1;
  }
  const number = new Intl.NumberFormat(document.documentElement.lang, {
    maximumFractionDigits: value < 10 ? 1 : 0,
  });
  return `${number.format(value)}\u00A0${units[power]}`;
}
