"""Which names of people, places and things are values drawn from?"""

from __future__ import annotations

import random

FIRST = """Amara Anselm Beatriz Bertil Bronwen Carlos Chiara Dagny Daisuke Eleni Emeka Esther Farid
Fiona Gustavo Hana Henrik Ingrid Isamu Jelena Joao Kamala Kenji Leila Lorenzo Malik Marguerite
Nadia Niamh Oluwaseun Orla Pavel Priya Quentin Rafael Rosalind Saoirse Sanjay Tamsin Tomasz Ulrika
Umberto Valentina Viktor Wanjiru Xavier Yasmin Yusuf Zofia Zubair""".split()
LAST = """Abernathy Achebe Balogun Bergstrom Castellano Chaudhary Dimitriou Drummond Eriksen Fairfax
Fontaine Gallagher Goncalves Hashimoto Hollister Ibarra Jankowski Jensen Kapoor Kowalczyk Lindqvist
Lombardi Marchetti McAllister Nakagawa Novak Okonkwo Ostrowski Papadakis Pemberton Quintero Rahman
Rasmussen Sandoval Schreiber Takahashi Thorvald Uddin Valdez Vasquez Wainwright Winterbourne Yamada
Yilmaz Zapata Zielinski""".split()
CITIES = """Adelaide Antwerp Bergen Bilbao Bologna Bratislava Calgary Cardiff Cordoba Dresden Dundee
Durban Edmonton Fortaleza Gdansk Ghent Graz Halifax Izmir Kyoto Lausanne Leipzig Limerick Malmo
Marseille Mendoza Nairobi Osaka Palermo Perth Porto Quito Rotterdam Salzburg Sapporo Seville Split
Tampere Toulouse Trieste Utrecht Valencia Verona Winnipeg Wroclaw Zagreb""".split()
COUNTRIES = """Argentina Austria Belgium Brazil Canada Chile Croatia Denmark Egypt Estonia Finland
Greece Hungary Iceland India Ireland Italy Japan Kenya Latvia Mexico Morocco Norway Peru Poland
Portugal Romania Senegal Slovenia Spain Sweden Thailand Turkey Uruguay Vietnam""".split()
_HEADS = (
    "Bel Cor Dra Fen Gal Hol Ister Jor Kel Lum Mar Nor Or Pel Quin Ros Sel Tor Um Vel Wes Yar Zan"
)
_TAILS = (
    "adi bara cota dun ester fia gar hild ina jor kast lia mora nius ova pith rin sola tria vane"
)


def people(rng: random.Random, count: int) -> list[tuple[str, str]]:
    """Draw first and last names, no two the same."""
    pairs = [(first, last) for first in FIRST for last in LAST]
    return rng.sample(pairs, count)


def made_names(rng: random.Random, count: int, last_word: str) -> list[str]:
    """Make names that no dictionary has, no two the same."""
    stems = [head + tail for head in _HEADS.split() for tail in _TAILS.split()]
    if last_word:
        return [f"{stem} {last_word}" for stem in rng.sample(stems, count)]
    if count <= len(stems) // 3:
        return rng.sample(stems, count)
    others = rng.sample(stems, 40)
    return rng.sample([f"{stem} {other}" for stem in stems[:200] for other in others], count)
