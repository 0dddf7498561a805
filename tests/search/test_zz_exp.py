import shutil
from edu.extensions import *
from edu.search import service
from jobs.search import update_index, heal_index
from tests.samples import *
import pytest
from edu.materials.models import *

@pytest.mark.parametrize("open_first",[True,False])
@pytest.mark.parametrize("how",["folder","junk","trm","trm_all","live"])
def test_x(app, people, how, open_first):
    with app.app_context():
        make_material(people["alice"], title="One"); make_material(people["alice"], title="Two")
        update_index()
        if not open_first: search_index().close()
        else: search_index().ids()
        root = settings().data_dir/"index"
        if "trm" in how:
            m = make_material(people["alice"], title="Three")
        live=[p for p in root.iterdir() if p.is_dir()][0]
        print(list(live.iterdir()))
        if how=="folder": shutil.rmtree(root)
        if how=="live": shutil.rmtree(live)
        if how=="junk": (root/"current").write_text("junk\n")
        if "trm" in how: 
            for p in live.glob("*.trm"): p.unlink()
            if how=="trm_all":
                x=get_material(1); x.touch(); db.session.commit()
            try: update_index()
            except BaseException as e: print("UPDATE RAISED", repr(e))
        try: heal_index()
        except BaseException as e: print("HEAL RAISED", repr(e))
        try: print("pending", service.has_pending(), search_index().ids())
        except BaseException as e: print("IDS RAISED", repr(e))
        search_index().close()
        try: print("fresh", search_index().ids())
        except BaseException as e: print("FRESH RAISED", repr(e))
