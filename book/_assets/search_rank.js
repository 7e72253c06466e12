// Sphinx calls this for each page that it finds (html_search_scorer). WEIGHTS are those of
// book/_ext/search_words.py; a page that explains what went wrong comes first for what a reader saw.
var Scorer = {
  score: ([page, title, anchor, , score]) => {
    const asked = new URLSearchParams(location.search).get("q") || "";
    const stemmer = new Stemmer();
    const words = splitQuery(asked.toLowerCase()).map((word) => stemmer.stemWord(word));
    const pairs = words.slice(1).map((word, place) => `${words[place]} ${word}`);
    const codes = asked.toLowerCase().match(/\w+(-\w+)+/g) || [];
    let sum = [...words, ...pairs, ...codes].reduce(
      (total, word) => total + ((WEIGHTS[word] || {})[page] || 0),
      0,
    );
    const seen = /^[45]\d\d$|error|denied|refused|expired|certificate|out of memory|\w+ \w+ \w+ \w+/i.test(asked.trim());
    if (seen && page === "book/troubleshooting") sum += 100;
    return score / 10 + 10 * sum + (anchor ? 0 : 0.1);
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
