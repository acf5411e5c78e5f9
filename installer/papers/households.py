"""Papers of the yearly round (W1): the form that a collector carries from house to house."""

from docx.enum.text import WD_BREAK

from installer.papers.sheet import OFFICE, Made, Sheet


def collection_form(sheet: Sheet) -> None:
    """One sheet per household: what is known beside room for what is so now."""
    sheet.line("{%p for form in forms %}")
    sheet.line("农户信用信息年度采集表（{{ year }} 年度）", size=16, bold=True, align="center", after=4)
    sheet.line("{{ form.place }}　户主：{{ form.head }}　户编号：{{ form.number }}", after=4)
    sheet.line("一、家庭情况（没有变化的打勾，有变化的写在右边）", bold=True)
    sheet.list("form.facts", {"label": ("项目", 36), "known": ("已登记", 62), "now": ("现在", 60)})
    sheet.line("二、家庭成员（未满14周岁只写与户主关系）", bold=True)
    sheet.list(
        "form.members",
        {
            "name": ("姓名", 26),
            "relation": ("与户主关系", 26),
            "birth": ("出生日期", 26),
            "number": ("证件号码", 36),
            "labor": ("劳动力", 16),
            "now": ("变化", 28),
        },
    )
    sheet.line("三、{{ year }} 年收支（上一次登记的数只供参考，请写今年问到的数）", bold=True)
    sheet.list("form.income", {"label": ("项目", 52), "known": ("上次登记", 50), "now": ("{{ year }} 年", 56)})
    sheet.line("四、土地、资产、负债、保险、生产经营有变化的，写在背面。", after=6)
    sheet.sign_here("被采集人（签名）", "采集人（签名）")
    sheet.line("{%p if form.more %}")
    sheet.line("").add_run().add_break(WD_BREAK.PAGE)
    sheet.line("{%p endif %}")
    sheet.line("{%p endfor %}")
    sheet.line("{{ office }}　{{ date }}", align="right")


PAPERS = [
    Made(
        "collection-form",
        "2026-01",
        "农户信用信息年度采集表",
        collection_form,
        {"year": "年度", "forms": "各户", **OFFICE},
    ),
]
