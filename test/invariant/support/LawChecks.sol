// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {OrderMath} from "../../../contracts/libraries/OrderMath.sol";
import {Market, SETTLED} from "../../../contracts/types/Market.sol";
import {Order} from "../../../contracts/types/Order.sol";
import {Position} from "../../../contracts/types/Position.sol";
import {World} from "./Deployment.sol";
import {Ghosts} from "./Ghosts.sol";
import {Model} from "./Model.sol";

/// @dev Sums over every position and order there ever was, worked out anew.
struct Sums {
    uint256 longSizes;
    uint256 shortSizes;
    int256 basis;
    uint256 margins;
    uint256 reserves;
    /// @dev Margin and fees of waiting orders [WAD quote].
    uint256 escrows;
    /// @dev Claims on either vault, of every account [token].
    uint256 claimsOnVault;
    uint256 claimsOnPool;
    /// @dev Pending deposits and fulfilled redeems of every account [token].
    uint256 pendingAssets;
    uint256 redeemedAssets;
    /// @dev [shares]
    uint256 sharesHeld;
    uint256 sharesInPool;
    /// @dev Positions that are open.
    Position[] open;
}

/// @title LawChecks
/// @notice The laws of DESIGN.md §12 that a glance at the state can decide.
library LawChecks {
    using Model for Position;
    using Model for Market;

    function sums(World memory world, Ghosts ghosts) internal view returns (Sums memory total) {
        uint256 count = world.book.orderCount();
        total.open = new Position[](count);
        uint256 open;
        for (uint256 id = 1; id <= count; ++id) {
            Order memory order = world.book.order(id);
            if (order.submittedAt != 0) total.escrows += order.margin + OrderMath.escrowedFee(order);
            Position memory position = world.vault.position(id);
            _addPosition(total, position);
            if (position.size != 0) total.open[open++] = position;
        }
        Position[] memory found = total.open;
        assembly ("memory-safe") {
            mstore(found, open)
        }
        address[] memory accounts = ghosts.accounts();
        for (uint256 i; i < accounts.length; ++i) {
            total.claimsOnVault += world.vault.claimable(accounts[i]);
            total.claimsOnPool += world.pool.claimable(accounts[i]);
        }
        accounts = ghosts.providers();
        for (uint256 i; i < accounts.length; ++i) _addProvider(total, world, accounts[i]);
    }

    /// @dev LAW-1, LAW-2, LAW-3.
    function tokens(World memory world, Ghosts ghosts, Sums memory total) internal view {
        Market memory market = world.vault.market();
        uint256 scale = world.scale;
        uint256 inVault = world.token.balanceOf(address(world.vault)) * scale;
        uint256 owedByVault = total.margins + total.escrows + total.claimsOnVault * scale;
        require(
            inVault >= owedByVault,
            _text("LAW-1: tokens of MarginVault short by ", owedByVault - _min(inVault, owedByVault))
        );
        uint256 dues = uint256(market.poolDue) + market.protocolDue;
        uint256 gifts = ghosts.donated(address(world.vault)) * scale;
        require(inVault == owedByVault + dues + gifts, _text("LAW-3: MarginVault holds ", inVault));

        uint256 inPool = world.token.balanceOf(address(world.pool)) * scale;
        uint256 owedByPool = (total.pendingAssets + total.redeemedAssets + total.claimsOnPool) * scale;
        require(inPool >= total.reserves + owedByPool, _text("LAW-2: tokens of LiquidityVault ", inPool));
        require(world.pool.cash() >= world.pool.reserved(), _text("LAW-2: cash below reserves ", world.pool.cash()));
        require(world.pool.owedToken() * scale == owedByPool, _text("LAW-2: owed ", world.pool.owedToken()));
        uint256 poolGifts = ghosts.donated(address(world.pool)) * scale;
        require(inPool == world.pool.cash() + owedByPool + poolGifts, _text("LAW-3: LiquidityVault holds ", inPool));
        _others(world, ghosts);
    }

    /// @dev LAW-3 in sums: what ever came in, less what ever went out, is owed to somebody by name.
    function flows(World memory world, Ghosts ghosts, Sums memory total) internal view {
        Market memory market = world.vault.market();
        uint256 owed = total.margins + total.escrows + market.poolDue + market.protocolDue + world.pool.cash();
        owed += world.scale * (total.claimsOnVault + total.claimsOnPool + total.pendingAssets + total.redeemedAssets);
        address[5] memory contracts = [
            address(world.vault),
            address(world.pool),
            address(world.book),
            address(world.mandates),
            address(world.charter)
        ];
        uint256 net;
        for (uint256 i; i < contracts.length; ++i) {
            net += world.token.inflow(contracts[i]) - world.token.outflow(contracts[i]);
            net -= ghosts.donated(contracts[i]);
        }
        require(net * world.scale == owed, _text("LAW-3: in less out is ", net));
        uint256 supply = world.pool.totalSupply();
        require(total.sharesHeld + world.pool.balanceOf(address(world.pool)) == supply, "LAW-3: shares held");
        uint256 parked = total.sharesInPool + ghosts.donatedShares();
        require(world.pool.balanceOf(address(world.pool)) == parked, "LAW-3: shares of the pool itself");
    }

    /// @dev LAW-4: every field of the aggregates.
    function aggregates(World memory world, Sums memory total) internal view {
        Market memory market = world.vault.market();
        require(market.longOpenInterest == total.longSizes, _text("LAW-4: longs ", market.longOpenInterest));
        require(market.shortOpenInterest == total.shortSizes, _text("LAW-4: shorts ", market.shortOpenInterest));
        require(market.netBasis == total.basis, "LAW-4: notionals and index bases");
        require(market.totalMargin == total.margins, _text("LAW-4: margins ", market.totalMargin));
        require(world.pool.reserved() == total.reserves, _text("LAW-4: reserves ", world.pool.reserved()));
        // What LAW-5 says of the exit: the skew moves it by less than two position fees, of whatever terms. A cap that was
        // lowered does not close what is open: that each increase ends within it is for the increase to check.
        uint256 cap = world.charter.maxOpenInterest();
        for (uint256 id = world.charter.latestTermsId(); id != 0; --id) {
            uint256 fee = world.charter.terms(id).positionFeeRatio;
            require(cap * 1e18 <= world.skewScale * 2 * fee, "LAW-5: cap beyond the fees");
        }
    }

    /// @dev LAW-4 as providers see it: assets are cash less the sum of what each position could take, and the premium.
    function assets(World memory world, Sums memory total, uint256 time) internal view {
        Market memory market = world.vault.market();
        uint256 price = market.referencePrice;
        try world.oracle.latest() returns (uint256 latest, uint64) {
            price = latest;
        } catch {}
        if (market.clock == SETTLED) price = market.lastPrice;
        int256 claim;
        for (uint256 i; i < total.open.length; ++i) {
            claim += total.open[i].gain(price, market.fundingIndexAt(time), market.borrowIndexAt(time));
        }
        int256 skew = market.skew();
        claim += (skew * skew * int256(price)) / (2 * int256(world.skewScale));
        if (claim < -int256(total.margins) * 1e18) claim = -int256(total.margins) * 1e18;
        if (claim > int256(total.reserves) * 1e18) claim = int256(total.reserves) * 1e18;
        uint256 dues = market.poolDue - (market.poolDue % world.scale);
        int256 net = int256(world.pool.cash() + dues) * 1e18 - claim;
        uint256 expected = net < 0 ? 0 : uint256(net) / 1e18 / world.scale;
        uint256 stated = world.pool.totalAssets();
        // Two wei of rounding for each position, and one unit of the token for the two divisions.
        uint256 slack = (2 * total.open.length + 4) / world.scale + 1;
        require(stated <= expected + slack && stated + slack >= expected, _text("LAW-4: total assets ", stated));
    }

    /// @dev LAW-7: nobody ever holds more than was paid in for it, and the reserves it was promised.
    function boxes(World memory world, Ghosts ghosts) internal view {
        address[] memory accounts = ghosts.accounts();
        for (uint256 i; i < accounts.length; ++i) {
            uint256 added = ghosts.reserveAdded(accounts[i]);
            if (added == 0) continue;
            address purse = address(uint160(uint256(keccak256(abi.encode("purse", accounts[i])))));
            uint256 wealth = _held(world, accounts[i]) + _held(world, purse);
            require(
                wealth * world.scale <= ghosts.paidIn(accounts[i]) * world.scale + added,
                "LAW-7: paid out too much"
            );
        }
        for (uint256 id = world.book.orderCount(); id != 0; --id) {
            int256 net = ghosts.poolNetOf(id);
            require(
                net >= -int256(ghosts.reserveAddedTo(id)),
                _text("LAW-7: the pool paid beyond the reserve of ", id)
            );
        }
    }

    /// @dev LAW-8: what positions owe each other and the pool adds up, each rounding against the position.
    function zeroSum(World memory world, Sums memory total, uint256 time) internal view {
        Market memory market = world.vault.market();
        int256 fundingIndex = market.fundingIndexAt(time);
        int256 borrowIndex = market.borrowIndexAt(time);
        int256 owedEach;
        for (uint256 i; i < total.open.length; ++i) {
            owedEach += total.open[i].foldedNotional(fundingIndex, borrowIndex);
        }
        int256 owedTogether = int256(market.netBasis) * 1e18 + market.skew() * fundingIndex;
        owedTogether += int256(world.pool.reserved()) * borrowIndex;
        // Two products of each position are rounded, each by less than a wei, and against the pool's own mark.
        int256 rounding = owedEach - owedTogether;
        require(
            rounding >= 0 && rounding <= 2 * int256(total.open.length) * 1e18,
            "LAW-8: funding and borrow fees are not zero-sum"
        );
        require(market.fundingVelocity * market.skew() >= 0, "LAW-8: the pool pays funding");
    }

    /// @dev LAW-9: the indices stand where they would if nobody had ever poked.
    function twin(World memory world, Ghosts ghosts, uint256 time) internal view {
        Market memory market = world.vault.market();
        Ghosts.Twin memory twin_ = ghosts.twin();
        int256 elapsed = int256(time - twin_.accruedAt);
        int256 funding = twin_.fundingIndex + twin_.fundingVelocity * elapsed;
        require(market.fundingIndexAt(time) == funding, "LAW-9: funding depends on pokes");
        int256 borrow = twin_.borrowIndex + twin_.borrowRate * elapsed;
        require(market.borrowIndexAt(time) == borrow, "LAW-9: borrow fees depend on pokes");
    }

    /// @dev Laws that only an action can see broken.
    function noBreach(Ghosts ghosts, uint256 law) internal view {
        string memory what = ghosts.breachOf(law);
        require(bytes(what).length == 0, what);
    }

    /// @dev The contracts that hold no tokens but those they were given.
    function _others(World memory world, Ghosts ghosts) private view {
        address[3] memory others = [address(world.book), address(world.mandates), address(world.charter)];
        for (uint256 i; i < others.length; ++i) {
            uint256 held = world.token.balanceOf(others[i]);
            require(held == ghosts.donated(others[i]), _text("LAW-3: one that holds no tokens holds ", held));
        }
    }

    function _addPosition(Sums memory total, Position memory position) private pure {
        if (position.size == 0) {
            require(position.margin == 0 && position.reserve == 0 && position.openNotional == 0, "LAW-4: a closed box");
            return;
        }
        if (position.size > 0) total.longSizes += uint96(position.size);
        else total.shortSizes += uint96(-position.size);
        // Each product rounded up on its own, as the struct's comment says.
        total.basis += position.openNotional;
        total.basis += Model.floorWad(-int256(position.size) * position.fundingIndex);
        total.basis += Model.floorWad(-int256(uint256(position.reserve) * position.borrowIndex));
        total.margins += position.margin;
        total.reserves += position.reserve;
    }

    function _addProvider(Sums memory total, World memory world, address account) private view {
        total.pendingAssets += world.pool.pendingDepositRequest(0, account);
        total.redeemedAssets += world.pool.maxWithdraw(account);
        total.sharesHeld += world.pool.balanceOf(account);
        total.sharesInPool += world.pool.pendingRedeemRequest(0, account) + world.pool.maxMint(account);
    }

    function _held(World memory world, address account) private view returns (uint256) {
        return world.token.balanceOf(account) + world.vault.claimable(account) + world.pool.claimable(account);
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    function _text(string memory what, uint256 value) private pure returns (string memory) {
        bytes memory digits;
        do {
            digits = abi.encodePacked(bytes1(uint8(48 + (value % 10))), digits);
            value /= 10;
        } while (value != 0);
        return string.concat(what, string(digits));
    }
}
