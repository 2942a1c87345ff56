// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Market} from "../../../contracts/types/Market.sol";
import {OrderKind, OrderRequest} from "../../../contracts/types/Order.sol";
import {Deployment, World} from "./Deployment.sol";
import {Model} from "./Model.sol";
import {Dice, Random} from "./Random.sol";
import {vm} from "./Vm.sol";

/// @title Play
/// @notice Orders filled at a price of the test's choice, for tests that ask what a course of action earns.
abstract contract Play is Deployment {
    using Random for Dice;

    address internal constant ACTOR = address(0xAC7);
    address internal constant OTHER = address(0x07E4);

    World internal _world;
    uint256 internal _time;
    uint256 internal _price;
    /// @dev Positions of `ACTOR`, closed ones among them.
    uint256[] internal _legs;
    /// @dev Tokens made for `ACTOR` [token].
    uint256 internal _paidIn;

    function setUp() external virtual {
        _world = _deploy(_decimals(), 40_000_000);
        _time = START + 300;
        _price = START_PRICE;
    }

    function _pass(uint256 elapsed) internal {
        _time += elapsed;
        vm.warp(_time);
    }

    function _setPrice(uint256 price) internal {
        _price = price;
        _pass(1);
        _world.oracle.push(price);
    }

    /// @dev Submits an order, and executes it at the price as it stands; the account is its own keeper. An order that
    /// fails a check is cancelled, and its fee is back with the account.
    function _fill(address account, OrderRequest memory request) internal returns (uint256 orderId) {
        request.kind = OrderKind.Market;
        request.termsId = 1;
        request.keeperFee = 1e18;
        request.acceptablePrice = request.sizeDelta > 0 ? type(uint96).max : 0;
        uint256 amountToken = (request.margin + request.keeperFee) / _world.scale;
        _world.token.mint(account, amountToken);
        if (account == ACTOR) _paidIn += amountToken;
        vm.prank(account);
        _world.token.approve(address(_world.vault), type(uint256).max);
        vm.prank(account);
        orderId = _world.book.submit(request);
        _pass(1);
        _setPrice(_price);
        _pass(1);
        uint256[] memory orderIds = new uint256[](1);
        orderIds[0] = orderId;
        _world.book.execute(orderIds, abi.encode(_world.oracle.roundCount()), account);
    }

    function _open(address account, int256 sizeDelta, uint256 margin, uint256 reserve) internal returns (uint256) {
        OrderRequest memory request;
        request.sizeDelta = sizeDelta;
        request.margin = margin - (margin % _world.scale);
        request.reserve = reserve;
        return _fill(account, request);
    }

    function _close(address account, uint256 positionId, uint256 size) internal {
        OrderRequest memory request;
        request.positionId = positionId;
        request.reduceOnly = true;
        request.sizeDelta = _world.vault.position(positionId).size > 0 ? -int256(size) : int256(size);
        _fill(account, request);
    }

    function _closeAll(Dice memory dice) internal {
        uint256 start = dice.below(_legs.length + 1);
        for (uint256 i; i < _legs.length; ++i) {
            uint256 positionId = _legs[(start + i) % _legs.length];
            uint256 size = _sizeOf(positionId);
            if (size != 0) _close(ACTOR, positionId, size);
        }
    }

    /// @dev A leg of either side, of any size up to what the cap leaves, with margin from the least to plenty.
    function _openLeg(Dice memory dice) internal {
        bool long = dice.chance(50);
        Market memory market = _world.vault.market();
        uint256 room = _world.maxOpenInterest - (long ? market.longOpenInterest : market.shortOpenInterest);
        if (room < 1e18) return;
        uint256 size = dice.spread(0.05e18, room);
        uint256 notional = (size * _price) / 1e18;
        uint256 margin = dice.chance(50) ? notional / 24 : notional / dice.between(2, 24);
        uint256 share = dice.chance(50) ? 0.101e18 : dice.between(0.101e18, 0.5e18);
        uint256 positionId = _open(
            ACTOR,
            long ? int256(size) : -int256(size),
            margin + 20e18,
            (notional * share) / 1e18 + 1e18
        );
        if (_sizeOf(positionId) != 0) _legs.push(positionId);
    }

    /// @dev What others have pushed the market out of balance by, and leave alone.
    function _skewByOthers(Dice memory dice) internal {
        if (dice.chance(30)) return;
        uint256 size = dice.spread(1e18, 15_000e18);
        uint256 notional = (size * _price) / 1e18;
        _open(OTHER, dice.chance(50) ? int256(size) : -int256(size), notional, notional / 9);
    }

    function _sizeOf(uint256 positionId) internal view returns (uint256) {
        return Model.abs(_world.vault.position(positionId).size);
    }

    function _wealthOf(address account) internal view returns (uint256) {
        return _world.token.balanceOf(account) + _world.vault.claimable(account) + _world.pool.claimable(account);
    }

    /// @dev What `ACTOR` holds more than it paid in [± token].
    function _profit() internal view returns (int256) {
        return int256(_wealthOf(ACTOR)) - int256(_paidIn);
    }

    function _decimals() internal pure virtual returns (uint8);
}
