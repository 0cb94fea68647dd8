document.querySelectorAll("table.sortable th").forEach(function (head) {
  head.addEventListener("click", function () {
    var body = head.closest("table").tBodies[0];
    var column = head.cellIndex;
    var down = head.dataset.order !== "down";
    head.dataset.order = down ? "down" : "up";
    function key(row) {
      var text = row.cells[column].textContent;
      var number = parseFloat(text.replace(/,/g, ""));
      return isNaN(number) ? text : number;
    }
    Array.from(body.rows)
      .sort(function (a, b) {
        var x = key(a), y = key(b);
        var order = typeof x === typeof y ? (x < y ? -1 : x > y ? 1 : 0) : typeof x === "number" ? -1 : 1;
        return down ? order : -order;
      })
      .forEach(function (row) { body.appendChild(row); });
  });
});
