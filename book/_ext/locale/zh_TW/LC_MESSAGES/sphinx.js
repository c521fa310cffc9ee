Documentation.addTranslations({
  "locale": "zh_Hant_TW",
  "messages": {
    ", in ": "，見 ",
    "Hide Search Matches": "取消標示搜尋結果",
    "Preparing search...": "準備搜尋……",
    "Search": "搜尋",
    "Search Results": "搜尋結果",
    "Search finished, found ${resultCount} page(s) matching the search query.": "找到 ${resultCount} 筆符合的結果。",
    "Searching": "搜尋中",
    "Your search did not match any documents. Please make sure that all words are spelled correctly and that you've selected enough categories.": "找不到符合的內容。請檢查用字，或改用較短的詞再試一次。"
  },
  "plural_expr": "0"
});
